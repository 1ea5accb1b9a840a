// A plot of one number over the last hour. It can be read with a mouse, a finger, the arrow keys and a screen reader.

const width = 600, height = 120, hour = 3600e3;
const shape = (name, attributes) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};
const clock = (t) => new Date(t).toLocaleTimeString([], { hour12: false });

export class Plot {
  constructor(parent, { title, field, format }) {
    Object.assign(this, { title, field, format, samples: [], at: -1 });
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const name = document.createElement("span");
    name.textContent = title;
    this.value = document.createElement("output");
    caption.append(name, this.value);
    this.svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", tabindex: 0, role: "slider",
      "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-roledescription": "plot", "aria-label": title });
    const axis = document.createElement("div");
    axis.className = "axis";
    axis.ariaHidden = "true";
    this.from = document.createElement("span");
    this.most = document.createElement("span");
    this.to = document.createElement("span");
    axis.append(this.from, this.most, this.to);
    figure.append(caption, this.svg, axis);
    parent.append(figure);
    this.svg.addEventListener("pointermove", (e) => this.point(e));
    this.svg.addEventListener("pointerdown", (e) => this.point(e));
    this.svg.addEventListener("pointerleave", () => this.select(-1));
    this.svg.addEventListener("blur", () => this.select(-1));
    this.svg.addEventListener("keydown", (e) => this.key(e));
  }

  x(sample) { return width * (1 - (this.end - sample.t) / hour); }

  point(e) {
    const box = this.svg.getBoundingClientRect();
    const x = (e.clientX - box.left) / box.width * width;
    let best = -1;
    this.samples.forEach((s, i) => {
      if (best < 0 || Math.abs(this.x(s) - x) < Math.abs(this.x(this.samples[best]) - x)) best = i;
    });
    this.select(best);
  }

  key(e) {
    const last = this.samples.length - 1, from = this.at < 0 ? last : this.at;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, ArrowDown: from - 1, ArrowUp: from + 1,
      PageDown: from - 60, PageUp: from + 60, Home: 0, End: last }[e.key];
    if (e.key === "Escape") this.select(-1);
    if (to === undefined || last < 0) return;
    e.preventDefault();
    this.select(Math.max(0, Math.min(last, to)));
  }

  select(i) {
    this.at = i;
    this.draw();
  }

  show(samples, now) {
    const held = this.samples[this.at];
    this.samples = samples;
    this.end = now;
    if (held) this.at = samples.findIndex((s) => s.t === held.t);
    this.draw();
  }

  draw() {
    const values = this.samples.map((s) => s[this.field]);
    const most = Math.max(0, ...values), top = most || 1;
    const y = (v) => height - 4 - v / top * (height - 12);
    this.svg.replaceChildren(...[0, .5, 1].map((f) =>
      shape("line", { class: "grid", x1: 0, x2: width, y1: y(f * top), y2: y(f * top) })));
    const i = this.at < 0 ? values.length - 1 : this.at;
    this.svg.setAttribute("aria-valuemax", Math.max(0, values.length - 1));
    this.svg.setAttribute("aria-valuenow", Math.max(0, i));
    this.most.textContent = "most " + this.format(most);
    if (i < 0) {
      this.value.textContent = "no sample yet";
      this.svg.setAttribute("aria-valuetext", "no sample yet");
      return;
    }
    const points = this.samples.map((s, n) => `${this.x(s).toFixed(1)},${y(values[n]).toFixed(1)}`);
    const first = this.x(this.samples[0]).toFixed(1), end = this.x(this.samples.at(-1)).toFixed(1);
    this.svg.append(shape("polygon", { class: "area", points: `${first},${height} ${points.join(" ")} ${end},${height}` }),
      shape("polyline", { class: "line", points: points.join(" ") }));
    const time = clock(this.samples[i].t);
    if (this.at >= 0) {
      const x = this.x(this.samples[i]);
      this.svg.append(shape("line", { class: "cursor", x1: x, x2: x, y1: 0, y2: height }));
    }
    this.value.textContent = this.format(values[i]) + (this.at < 0 ? "" : ` at ${time}`);
    this.svg.setAttribute("aria-valuetext", `${this.format(values[i])} at ${time}, most ${this.format(most)}`);
    this.from.textContent = clock(this.end - hour);
    this.to.textContent = clock(this.end);
  }
}
