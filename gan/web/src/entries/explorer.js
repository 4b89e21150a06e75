import { component } from "../component.js";
import { mountExplorer } from "../explorer.js";
import "../explorer.css";

export default component(mountExplorer);
