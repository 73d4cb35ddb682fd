// A script and the test that runs it talk in lines of JSON: the test does the browser's part.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function heard() {
  const { value, done } = await lines.next();
  if (done) throw new Error("the test has gone");
  return JSON.parse(value);
}

/** What the script is to know: issuer, clients, the person. */
export const known = await heard();

/** Where the browser arrives that is sent to an address. */
export async function browse(url) {
  console.log(JSON.stringify({ browse: String(url) }));
  return new URL(await heard());
}

/** The end: what the script has seen. */
export function seen(facts) {
  console.log(JSON.stringify({ seen: facts }));
  process.exit(0);
}

/** What an operation must be refused with: an OAuth error, or the scheme that a challenge asks for. */
export async function refusal(operation) {
  try {
    await operation;
  } catch (error) {
    return error.error ?? error.cause?.[0]?.scheme ?? String(error);
  }
  throw new Error("it was not refused");
}
