import { component } from "../component.js";
import { mountInterpolate } from "../interpolate.js";
import "../interpolate.css";

export default component(mountInterpolate);
