// Tells the server what one has zoomed to: Streamlit 1.67 makes a chart anew whenever its data change, and a new
// chart shows what the server says.

/** @typedef {number | string | null} End */
/** @typedef {HTMLElement & { on?: (event: string, listener: (change: Record<string, End>) => void) => void }} Chart */

/** @param {{ setTriggerValue: (name: string, value: unknown) => void }} component */
export default ({ setTriggerValue }) => {
  /** @type {Chart | undefined} */
  let heard;
  const listen = () => {
    /** @type {Chart | null} */
    const chart = document.querySelector(".st-key-curves .js-plotly-plot");
    if (!chart?.on || chart === heard) return;
    heard = chart;
    chart.on("plotly_relayout", (change) => {
      /** @type {Record<string, End | End[]>} */
      const zoom = {};
      for (const name of Object.keys(change)) {
        const [axis, what] = name.split(".");
        if (what === "range[0]") zoom[axis] = [change[name], change[`${axis}.range[1]`]];
        else if (what === "range") zoom[axis] = change[name];
        else if (what === "autorange") zoom[axis] = null;
      }
      if (Object.keys(zoom).length) setTriggerValue("zoom", zoom);
    });
  };
  listen();
  const observer = new MutationObserver(listen);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => observer.disconnect();
};
