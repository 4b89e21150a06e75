// How Streamlit mounts a widget: called when it appears, and with each answer to what the page asked. An answer is
// made by pages/components/in_page.py: a few words about it, and a program where the page is to have another one.

/** Milliseconds from one question to the next, and after how many a question counts as lost. */
const EVERY = 1000;
const LOST = 20_000;

/** What a page that follows a run holds, and what it has asked. It asks again once it has dealt with the last answer,
 * and not while nobody sees it: weights do not come faster than they are shown. */
class Questions {
  constructor() {
    Object.assign(this, { version: "", number: 0, answered: 0, when: 0 });
  }

  /** Takes what an answer says of itself. `tell` sends a value to the server, which runs the fragment that is around. */
  answer({ asked, follow }, tell) {
    this.tell = tell;
    this.answered = Math.max(this.answered, asked);
    this.number = Math.max(this.number, asked);
    if (!follow) this.end();
    else this.timer ??= setInterval(() => this.next(), EVERY);
  }

  next() {
    if (document.hidden || (this.number > this.answered && performance.now() - this.when < LOST)) return;
    this.when = performance.now();
    this.number += 1;
    this.tell(`${this.version} ${this.number}`);
  }

  end() {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** The address names the model that is shown, so that whoever comes back to it sees this one. */
function nameInAddress(model) {
  const query = new URLSearchParams(location.search);
  if (query.get("model") === model) return;
  query.set("model", model);
  history.replaceState(history.state, "", `${location.pathname}?${query}`);
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  const content = data.subarray(4 + length);
  const questions = (root.questions ??= new Questions());
  if (content.length) {
    const program = readProgram(content);
    const { model, latents } = program.header;
    const made = JSON.stringify(latents);
    const shown = root.widget;
    if (shown && shown.model === model && shown.made === made) {
      shown.update(program);
    } else {
      shown?.end();
      nameInAddress(model);
      root.widget = Object.assign(mountWidget(root, program), { model, made });
    }
    questions.version = about.version;
  }
  questions.answer(about, (value) => setStateValue("held", value));
  // The server takes it that this page holds weights, but it was built anew: then it needs them once more.
  if (!root.widget && !about.problem) questions.next();
  return () => {
    questions.end();
    root.questions = undefined;
    root.widget?.end();
    root.widget = undefined;
  };
}
