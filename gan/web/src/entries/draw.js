import { component } from "../component.js";
import { mountDraw } from "../draw.js";
import "../draw.css";

export default component(mountDraw);
