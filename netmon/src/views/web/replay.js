// A capture that is shown as it unfolded: what it is, and the controls that have it wait, go faster and go elsewhere.

import { clock, h, say } from "./dom.js";

const SPEEDS = [1, 2, 5, 10, 20, 50, 100, 500, 1000];

const order = (what) => fetch("/api/v1/replay", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what) }).catch(() => {});
const millis = (time) => new Date(time).getTime();

/** The speed that `?replay=20` asks for. */
const asked = () => Number(new URLSearchParams(location.search).get("replay"));

export function replayControls(place) {
  let replay = null;
  let held = false;
  const title = h("span");
  const pause = h("button", { type: "button", onclick: () => order({ paused: !replay.paused }) });
  const at = h("input", {
    id: "at", type: "range", step: 1000,
    oninput: () => { held = true; tell(Number(at.value)); },
    onchange: () => { held = false; order({ to: new Date(Number(at.value)).toISOString() }); },
  });
  const now = h("span");
  const speed = h("select", { id: "speed", onchange: () => order({ speed: Number(speed.value) }) });
  const nodes = [
    h("div", {}, h("strong", {}, "Replay of ", title)), h("div", {}, h("label", { for: "at" }, "Where"), at, " ", now),
    h("div", {}, h("label", { for: "speed" }, "Times as fast"), speed), pause,
  ];

  function tell(time) {
    const text = clock(new Date(time).toISOString());
    say(now, text);
    at.setAttribute("aria-valuetext", text);
  }

  return {
    update(summary) {
      const isNew = replay === null && summary.replay !== null;
      replay = summary.replay;
      if (replay === null) {
        if (new URLSearchParams(location.search).has("replay")) say(place, "This netmon watches. To see a capture as it unfolded: netmon top --replay FILE --web 127.0.0.1:19054");
        return;
      }
      if (isNew) {
        place.replaceChildren(...nodes);
        if (asked() > 0) order({ speed: asked() });
      }
      say(title, replay.file);
      say(pause, replay.paused ? "Go on" : "Pause");
      [at.min, at.max] = [millis(replay.from), Math.max(millis(replay.to), millis(replay.from) + 1000)];
      if (!held) {
        at.value = Math.min(millis(summary.time), Number(at.max));
        tell(Math.min(millis(summary.time), millis(replay.to)));
      }
      const speeds = [...new Set([...SPEEDS, replay.speed])].sort((one, other) => one - other);
      if (speed.options.length !== speeds.length) speed.replaceChildren(...speeds.map((one) => h("option", { value: one }, String(one))));
      if (document.activeElement !== speed) speed.value = String(replay.speed);
    },
  };
}
