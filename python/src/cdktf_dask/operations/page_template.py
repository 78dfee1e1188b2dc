"""The template of the status page: `{{NAME}}` stands for a value."""

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
{{WITHOUT_SCRIPT}}
<title>{{CLUSTER}}: status of the Dask cluster</title>
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 15%, transparent); }
  body { font: 14px/1.4 system-ui, sans-serif; margin: 0 auto; max-width: 1280px; padding: 12px 20px; }
  header { align-items: baseline; display: flex; gap: 20px; }
  h1 { font-size: 20px; margin: 0; }
  h2 { font-size: 15px; margin: 20px 0 4px; }
  ul { margin: 0; padding-left: 20px; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th { font-size: 11px; font-weight: 600; opacity: 0.7; text-align: left; }
  td, th { border-bottom: 1px solid var(--line); padding: 5px 14px 5px 0; white-space: nowrap; }
  .verdict { font-size: 16px; font-weight: 600; }
  .good, .ready { color: #2f8f4e; }
  .bad, .failed, .failure, .problem, .late { color: #d1242f; }
  .booting, .draining, .stopping { color: #bc6c00; }
  .stopped, .terminated { opacity: 0.6; }
  .old .verdict, .old .wide { opacity: 0.45; }
  .old .verdict::before { content: "Out of date: "; }
</style>
<header>
  <h1>{{CLUSTER}}</h1>
  <span id="age"></span>
</header>
<main class="{{OLD}}" data-at="{{AT}}">
<p class="read">{{READ}}</p>
{{FACTS}}
</main>
<script>
  const STALE_SECONDS = {{STALE}}, REFRESH_SECONDS = {{REFRESH}};
  /** Milliseconds by which the clock of the server is ahead. A page of a file has no server. */
  let ahead = REFRESH_SECONDS === 0 ? 0 : undefined;
  let failure = "";

  function duration(seconds) {
    for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]])
      if (seconds >= length) return `${Math.floor(seconds / length)} ${unit}`;
    return `${seconds} s`;
  }

  /** Shows how old the facts are. */
  function show() {
    const main = document.querySelector("main"), line = document.querySelector("#age");
    const known = main.dataset.at !== "" && ahead !== undefined;
    const seconds = Math.max(0, Math.round((Date.now() + ahead - Date.parse(main.dataset.at)) / 1000));
    const late = failure !== "" || (known && seconds > STALE_SECONDS);
    line.textContent = (known ? `${duration(seconds)} old` : "") + failure;
    line.classList.toggle("late", late);
    if (late) main.classList.add("old");
  }

  /** Replaces the facts by those of the server. */
  async function refresh() {
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
      if (!answer.ok) throw new Error(`got status ${answer.status}`);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      const now = Date.parse(answer.headers.get("date"));
      if (next === null || Number.isNaN(now)) throw new Error("got another page");
      document.querySelector("main").replaceWith(next);
      ahead = now - Date.now();
      failure = "";
    } catch (error) {
      failure = `; no newer facts: ${error.message}`;
    }
    show();
  }

  show();
  setInterval(show, 1000);
  if (REFRESH_SECONDS > 0) {
    refresh();
    setInterval(refresh, 1000 * REFRESH_SECONDS);
  }
</script>
</html>
"""
