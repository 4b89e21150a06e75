// The explorer in a file of its own (gan.export.standalone): the page has the model beside this script, in base64.

import "../explorer.css";
import { mountExplorer } from "../explorer.js";
import { readProgram } from "../runtime.js";

const root = /** @type {HTMLElement} */ (document.getElementById("explorer"));
const weights = document.getElementById("program")?.textContent ?? "";
mountExplorer(root, readProgram(Uint8Array.from(atob(weights), (c) => c.charCodeAt(0))), true);
