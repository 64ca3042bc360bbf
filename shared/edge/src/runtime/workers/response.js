// The response as Rust gives it, in one crossing.

// A body with one of these is an error to the runtime.
const BODILESS = [204, 205, 304];

export function whole(status, headers, body) {
  const text = BODILESS.includes(status) ? null : (body ?? null);
  return new Response(text, { status, headers: pairs(headers) });
}

export function streamed(status, headers, chunks) {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    async pull(controller) {
      const text = await chunks.next();
      if (text === undefined) controller.close();
      else controller.enqueue(encoder.encode(text));
    },
    cancel() {
      chunks.stop();
    },
  });
  return new Response(body, { status, headers: pairs(headers) });
}

function pairs(lines) {
  const parts = lines.split("\n");
  const pairs = [];
  for (let i = 0; i + 1 < parts.length; i += 2) pairs.push([parts[i], parts[i + 1]]);
  return pairs;
}
