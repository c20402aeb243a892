# Torch Playground on the CPU: docker build --tag torch-playground . (docs/deploy.md says how to run it)

FROM python:3.11-slim-bookworm AS packages
# cpu, or another of the builds that uv knows by --torch-backend, such as cu130
ARG UV_TORCH_BACKEND=cpu
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir uv
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt requirements-signin.txt requirements-metrics.txt requirements.lock ./
RUN /opt/uv/bin/uv pip install --no-cache --compile-bytecode --python /opt/venv/bin/python \
    --requirement requirements-signin.txt --requirement requirements-metrics.txt --constraint requirements.lock

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin playground \
    && install --directory --owner playground --mode 0700 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY .streamlit .streamlit
COPY core core
COPY pages pages
COPY scripts/healthy.py scripts/
COPY streamlit_app.py ./
RUN python -m compileall -q core pages
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    TORCH_PLAYGROUND_DATA=/data
USER playground
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "scripts/healthy.py"]
CMD ["streamlit", "run", "streamlit_app.py"]
