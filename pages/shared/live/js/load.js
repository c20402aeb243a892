// What Streamlit is given of each component that is made of modules: it loads the view, and the picture inside it.

export default function (component) {
  let leave = null;
  let gone = false;
  const { module, picture } = component.data ?? {};
  const load = (file) => file && import(new URL(file, window.location.origin).href);
  if (module) {
    Promise.all([load(module), load(picture?.module)]).then(([view, drawn]) => {
      if (!gone) leave = view.mount(component, drawn);
    });
  }
  return () => {
    gone = true;
    if (leave) leave();
  };
}
