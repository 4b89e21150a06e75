import { component } from "../steps.js";
import "../steps.css";

export default component;
