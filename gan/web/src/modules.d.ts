// What the build understands besides JavaScript.
declare module "*.css";

/** A module and what it imports as one text, to start a worker from: new Worker(URL.createObjectURL(new Blob([text]))) */
declare module "*?worker" {
  const text: string;
  export default text;
}
