"""A class of 30: thirty runs train at 30 steps a second, each watched over its own WebSocket.

Run: python -m tests.benchmarks.classroom
"""

import asyncio
import multiprocessing
import os
import statistics
import tempfile
import time
from multiprocessing.connection import Connection

PUPILS = 30
SECONDS = 8.0


def serve(port: int, connection: Connection) -> None:
    """The app's own routes and manager, without pages; sends each pupil's run and, at the end, the CPU time used."""
    import uvicorn
    from starlette.applications import Starlette

    from core.engine.manager import manager
    from core.experiments.classifier import ClassifierConfig
    from pages.shared.server.routes import middleware, routes

    manager().warm()
    owners = [f"{number:032x}" for number in range(1, PUPILS + 1)]
    config = ClassifierConfig(num_steps=50_000)
    runs = [manager().start(owner, config, speed=30) for owner in owners]
    connection.send([(owner, run.id) for owner, run in zip(owners, runs, strict=True)])
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=routes, middleware=middleware), port=port, log_level="error")
    )

    async def main() -> None:
        task = asyncio.create_task(server.serve())
        before = 0.0
        while not server.should_exit:
            await asyncio.sleep(0.02)
            if connection.poll():
                if connection.recv() == "begin":
                    before = time.process_time()
                else:
                    connection.send((time.process_time() - before, [run.step for run in runs]))
                    server.should_exit = True
        await task

    asyncio.run(main())
    manager().close()


async def watch(port: int, owner: str, run: str, until: float) -> tuple[int, int]:
    """One pupil's browser: count frames and their bytes."""
    import websockets

    headers = {"Cookie": f"torch_playground={owner}"}
    frames = size = 0
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/live/{run}",
        additional_headers=headers,
        origin=websockets.Origin(f"http://127.0.0.1:{port}"),
    ) as socket:
        while (left := until - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(socket.recv(), left)
            except TimeoutError:
                break
            if isinstance(message, bytes):
                frames, size = frames + 1, size + len(message)
    return frames, size


async def pupils(port: int, pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """All pupils at once."""
    until = time.monotonic() + SECONDS
    return await asyncio.gather(*(watch(port, owner, run, until) for owner, run in pairs))


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCH_PLAYGROUND_DATA"] = folder
        ours, theirs = multiprocessing.Pipe()
        port = 18_765
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(port, theirs))
        server.start()
        pairs = ours.recv()
        time.sleep(2)
        ours.send("begin")
        counted = asyncio.run(pupils(port, pairs))
        ours.send("end")
        cpu, steps = ours.recv()
        server.join()
    rates = [frames / SECONDS for frames, _ in counted]
    print(f"{PUPILS} pupils: {statistics.median(rates):.1f} frames/s at the median, {min(rates):.1f} at the least")
    print(f"the server used {100 * cpu / SECONDS:.0f} % of one core; every run moved: {min(steps) > 0}")
    print(f"a frame is {sum(size for _, size in counted) / sum(frames for frames, _ in counted) / 1024:.1f} KB")


if __name__ == "__main__":
    main()
