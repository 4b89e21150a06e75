// Tells the server how much larger than ordinary the page's type is, once it is not and whenever it changes.

/** @param {{ setStateValue: (name: string, value: unknown) => void }} component */
export default ({ setStateValue }) => {
  let reported = 1;
  /** @type {number | undefined} */
  let timer;
  const report = () => {
    const size = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const scale = Math.round(size * 100) / 100;
    if (scale === reported) return;
    reported = scale;
    setStateValue("scale", scale);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(report, 300);
  };
  report();
  addEventListener("resize", later);
  return () => removeEventListener("resize", later);
};
