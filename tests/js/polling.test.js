import assert from "node:assert/strict";
import { test } from "node:test";
import { reasonIn } from "../../pages/shared/live/js/reach.js";
import { messagesIn, PollTransport } from "../../pages/shared/live/js/transport_poll.js";

/**
 * A body as polling.py makes it.
 * @param {(string | Uint8Array)[]} messages
 */
function framed(...messages) {
  const parts = messages.flatMap((message) => {
    const content = typeof message === "string" ? new TextEncoder().encode(message) : message;
    const head = new DataView(new ArrayBuffer(5));
    head.setUint8(0, Number(typeof message !== "string"));
    head.setUint32(1, content.length, true);
    return [...new Uint8Array(head.buffer), ...content];
  });
  return Uint8Array.from(parts).buffer;
}

test("an answer's messages come out as they went in", () => {
  const [text, bytes, last] = messagesIn(framed('{"kind":"hello"}', Uint8Array.of(1, 2, 3), "é"));
  assert.equal(text, '{"kind":"hello"}');
  assert.deepEqual([...new Uint8Array(/** @type {ArrayBuffer} */ (bytes))], [1, 2, 3]);
  assert.equal(last, "é");
  assert.deepEqual(messagesIn(framed()), []);
});

test("what something else answers is no reason of ours", () => {
  assert.equal(reasonIn(true, '{"reason": "origin"}'), "origin");
  assert.equal(reasonIn(true, '{"reason": ""}'), "blocked");
  assert.equal(reasonIn(true, "<h1>Welcome</h1>"), "elsewhere");
  assert.equal(reasonIn(false, '{"reason": "run"}'), "elsewhere");
});

/**
 * A server that answers each question when it is told to.
 * @returns {{ asked: { what: string; said: unknown[]; first: boolean; answer: (body: Response) => void }[] }}
 */
function serve() {
  /** @type {ReturnType<typeof serve>["asked"]} */
  const asked = [];
  /** @type {any} */ (globalThis).window = { addEventListener() {}, removeEventListener() {} };
  /** @type {any} */ (globalThis).document = { visibilityState: "visible" };
  /** @type {any} */ (globalThis).fetch = (/** @type {URL} */ url, /** @type {RequestInit} */ { body }) =>
    new Promise((answer) => {
      const [what] = url.pathname.split("/").slice(-2);
      asked.push({ what, said: JSON.parse(String(body ?? "[]")), first: url.searchParams.has("first"), answer });
    });
  return { asked };
}

/** @param {() => unknown} condition */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("one question at a time; what is said meanwhile goes at once and in its order, the rest with the next", async () => {
  const { asked } = serve();
  /** @type {unknown[]} */
  const heard = [];
  let lost = 0;
  const transport = new PollTransport(new URL("http://here/live/abc?packed=1"), {
    onMessage: (_way, data) => heard.push(data),
    onLost: () => {
      lost += 1;
    },
  });
  assert.deepEqual([asked[0].what, asked[0].said, asked[0].first], ["news", [], true]);
  transport.send('{"command":"pause"}');
  transport.send('{"command":"step"}');
  await until(() => asked.length === 2);
  assert.deepEqual([asked[1].what, asked[1].said], ["orders", [{ command: "pause" }]]);
  asked[1].answer(new Response(null, { status: 204 }));
  await until(() => asked.length === 3);
  assert.deepEqual([asked[2].what, asked[2].said], ["orders", [{ command: "step" }]]);
  asked[2].answer(new Response(null, { status: 204 }));
  asked[0].answer(new Response(framed("one", "two")));
  await until(() => heard.length === 2);
  transport.send('{"command":"drawn","value":1}');
  await until(() => asked.length === 4);
  assert.deepEqual([asked[3].what, asked[3].said, asked[3].first], ["news", [{ command: "drawn", value: 1 }], false]);
  asked[3].answer(new Response("gone", { status: 410 }));
  await until(() => lost === 1);
  assert.equal(transport.isOpen, false);
  assert.equal(asked.at(-1)?.what, "leave");
});
