"""All that stands in front of Streamlit's app, from the outside in."""

from __future__ import annotations

from starlette.middleware import Middleware

from pages.shared.page.arrival import with_arrival
from pages.shared.page.not_found import NotFound
from pages.shared.page.sign_in_gate import SignIn
from pages.shared.server.pack import said_first
from pages.shared.server.routes import front, middleware
from pages.shared.server.watching import Watching

said_first.append(with_arrival)
layers = [Middleware(Watching), *front, Middleware(SignIn), *middleware, Middleware(NotFound)]
