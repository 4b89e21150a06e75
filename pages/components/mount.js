// How Streamlit mounts a widget: called when it appears and whenever new weights arrive.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const program = readProgram(data);
  const { model, latent_dim } = program.header;
  const shown = root.widget;
  if (shown && shown.model === model && shown.latent_dim === latent_dim) {
    shown.update(program);
  } else {
    shown?.end();
    root.widget = Object.assign(mountWidget(root, program), { model, latent_dim });
  }
  return () => {
    root.widget?.end();
    root.widget = undefined;
  };
}
