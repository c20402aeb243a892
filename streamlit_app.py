"""The door: `streamlit run streamlit_app.py`.

Streamlit imports this file once for the web server and runs it as `__main__` for every session. Worker processes see it
as `__mp_main__` and need nothing of it, so nothing is imported at the top.
"""


def show() -> None:
    """One run of the script for one session: the page list, and the page chosen."""
    import streamlit as st

    from pages.shared import shell
    from pages.shared.language import _

    shell.open_page()
    st.navigation(
        [
            st.Page("pages/home.py", title=_("Home"), default=True),
            st.Page("pages/classifier.py", title=_("Classifier")),
            st.Page("pages/cnn.py", title=_("CNN")),
            st.Page("pages/layers.py", title=_("Layers")),
            st.Page("pages/tensorboard.py", title=_("TensorBoard"), url_path="logging"),
            st.Page("pages/vgg.py", title=_("VGG")),
            st.Page("pages/build.py", title=_("Build")),
            st.Page("pages/devices.py", title=_("Devices")),
            st.Page("pages/saving.py", title=_("Saving")),
            st.Page("pages/rnn.py", title=_("RNN")),
            st.Page("pages/rnn_digits.py", title=_("LSTM")),
            st.Page("pages/loading.py", title=_("Loading")),
            st.Page("pages/next.py", title=_("Further")),
        ],
        position="top",
    ).run()


if __name__ == "__main__":
    show()
elif __name__ != "__mp_main__":
    import streamlit as st
    from streamlit.runtime.pages_manager import PagesManager

    from pages.shared.server import lifespan, middleware, routes

    # Without this the first deep link after a start takes pages/ for Streamlit's old automatic pages.
    PagesManager.uses_pages_directory = False
    app = st.App("streamlit_app.py", lifespan=lifespan, routes=routes, middleware=middleware)
