// How long a page keeps its browser's hands full, in time of the processor: what others do on the machine meanwhile does not count.
// Not here: what the page does.

/** Does something; resolves to the milliseconds that the longest task of a page took meanwhile. */
export async function longestTask(page, something) {
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline"] });
  await something();
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const thread = ({ pid, tid }) => `${pid} ${tid}`;
  const named = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const pages = new Set(named.map(thread));
  const tasks = traceEvents.filter((event) => event.tdur > 0 && pages.has(thread(event)));
  if (tasks.length === 0) throw new Error("the browser tells nothing of its tasks");
  return tasks.reduce((longest, { tdur }) => Math.max(longest, tdur), 0) / 1_000;
}
