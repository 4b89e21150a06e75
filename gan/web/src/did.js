// A widget says that something was done: a name of gan/deeds.py. The journal of the page listens (entries/journal.js).

export const DID = "counterfeit-did";

/** What was said in this page so far: the journal may come after it. */
export const said = () => {
  const page = /** @type {Window & { counterfeitSaid?: Set<string> }} */ (window);
  page.counterfeitSaid ??= new Set();
  return page.counterfeitSaid;
};

/** @param {string} name */
export const did = (name) => {
  said().add(name);
  dispatchEvent(new Event(DID));
};
