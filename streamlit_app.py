"""The door: `streamlit run streamlit_app.py`.

Streamlit imports this file once for the web server and runs it as `__main__` for every session. Worker processes see it
as `__mp_main__` and need nothing of it, so nothing is imported at the top.
"""


def show() -> None:
    """One run of the script for one session: the navigation, and the page chosen."""
    import streamlit as st

    from pages.index import ALL, HOST
    from pages.shared.page import shell
    from pages.shared.person.role import is_host

    shell.begin()
    known = {
        row: st.Page(
            row.script,
            title=shell.title_of(row),
            icon=row.icon,
            url_path=row.url_path,
            default=row.folder == "home",
            visibility="hidden" if row is HOST and not is_host() else "visible",
        )
        for row in ALL
    }
    shell.open_page(shell.asked_for(known))
    chosen = st.navigation(shell.in_groups(known), position="top", expanded=True)
    row = next(row for row, page in known.items() if page is chosen)
    shell.enter(row)
    chosen.run()
    shell.leave(row)


if __name__ == "__main__":
    show()
elif __name__ != "__mp_main__":
    import os
    import signal
    import threading

    # PyTorch takes seconds to import, and Ctrl+C meanwhile would leave a traceback of whatever it was at.
    alone = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(128 + signal.SIGINT)) if alone else None

    import streamlit as st
    from streamlit.runtime.pages_manager import PagesManager

    from pages.home import film
    from pages.shared.page.layers import layers
    from pages.shared.person import worksheet
    from pages.shared.pictures import choices
    from pages.shared.server.imports import import_all
    from pages.shared.server.routes import first_needed, lifespan, routes
    from pages.shared.server.start import check_start, choose_log

    check_start()
    choose_log()
    import_all()
    # Without this the first deep link after a start takes pages/ for Streamlit's old automatic pages.
    PagesManager.uses_pages_directory = False
    first_needed.append(film.made_film)
    app = st.App(
        "streamlit_app.py",
        lifespan=lifespan,
        routes=[*film.routes, *routes, *worksheet.routes, *choices.routes],
        middleware=layers,
    )
    if alone:
        signal.signal(signal.SIGINT, before)
