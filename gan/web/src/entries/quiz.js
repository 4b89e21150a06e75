import { component } from "../quiz.js";
import "../quiz.css";

export default component;
