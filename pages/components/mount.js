// How Streamlit mounts the explorer: called when it appears and whenever new weights arrive.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const program = readProgram(data);
  const shown = root.explorer;
  if (shown && shown.hand.z.length === program.header.latent_dim && shown.model === program.header.model) {
    shown.update(program);
  } else {
    shown?.end();
    root.explorer = Object.assign(mountExplorer(root, program), { model: program.header.model });
  }
}
