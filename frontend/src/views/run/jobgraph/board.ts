/** The canvas and its window onto the drawing. Draws at most once in a frame, and never by way of React. */
import type { Look } from "./look.ts";
import { paint } from "./paint.ts";
import { type Scene, Specks, standing, stepped_back } from "./scene.ts";
import { type Box, centred, fit_zoom, fitted, moved, type Size, shown, type View, zoomed } from "./view.ts";

export class Board {
  view: View = { x: 0, y: 0, zoom: 1 };
  size: Size = { width: 0, height: 0 };
  /** Whether somebody chose what is seen; until then it is the whole. */
  chosen = false;
  readonly #canvas: HTMLCanvasElement;
  readonly #ctx: CanvasRenderingContext2D | null;
  readonly #seen = new Set<() => void>();
  #scene: Scene | null = null;
  #specks: Specks | null = null;
  #dim: Uint8Array | null = null;
  #meant: Int32Array | null = null;
  #look: Look;
  #frame = 0;
  #stale = true;

  constructor(canvas: HTMLCanvasElement, look: Look) {
    this.#canvas = canvas;
    this.#ctx = canvas.getContext("2d", { alpha: false });
    this.#look = look;
  }

  get scene(): Scene | null {
    return this.#scene;
  }
  get specks(): Specks | null {
    return this.#specks;
  }
  get look(): Look {
    return this.#look;
  }
  /** How far one can zoom out. */
  get least(): number {
    return this.#scene ? Math.min(1, fit_zoom(this.#scene.layout, this.size)) * 0.8 : 0.01;
  }
  get whole(): boolean {
    return !this.chosen;
  }

  show(scene: Scene, look: Look) {
    const before = this.#scene;
    if (before?.layout !== scene.layout) this.#specks = new Specks(scene.layout);
    this.#stale ||=
      before?.layout !== scene.layout ||
      before.states !== scene.states ||
      before.dim !== scene.dim ||
      before.reach !== scene.reach ||
      look !== this.#look;
    this.#scene = scene;
    this.#look = look;
    if (!this.chosen) this.fit();
    this.draw();
  }

  resize(size: Size) {
    if (size.width === this.size.width && size.height === this.size.height) return;
    const [before, { x, y, zoom }] = [this.size, this.view];
    this.size = size;
    const scale = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(size.width * scale);
    this.#canvas.height = Math.round(size.height * scale);
    // What was in the middle stays there.
    if (!this.chosen) this.fit();
    else if (before.width > 0) {
      this.view = centred({ x: x + before.width / 2 / zoom, y: y + before.height / 2 / zoom }, size, zoom);
    }
    this.#moved();
    this.paint();
  }

  /** Called when another part is seen. */
  on_view(listener: () => void): () => void {
    this.#seen.add(listener);
    return () => this.#seen.delete(listener);
  }

  fit() {
    this.chosen = false;
    const { layout } = this.#scene ?? {};
    if (layout) this.view = fitted({ x: 0, y: 0, width: layout.width, height: layout.height }, this.size);
    this.#moved();
    this.draw();
  }

  /** The whole of a box, as large as there is room; or some of it as large as can be read. */
  go_to(box: Box, most?: number) {
    this.#take(fitted(box, this.size, most));
  }

  /** `zoom` at least, with the box in sight. */
  reveal(box: Box, zoom: number) {
    if (this.view.zoom >= zoom) this.#take(shown(this.view, box, this.size));
    else this.#take(centred({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, this.size, zoom));
  }

  pan(dx: number, dy: number) {
    if (this.#scene) this.#take(moved(this.view, dx, dy, this.#scene.layout, this.size));
  }

  /** False where it is already as far or as close as it can be. */
  zoom(by: number, x = this.size.width / 2, y = this.size.height / 2): boolean {
    const next = zoomed(this.view, by, x, y, this.least);
    if (next.zoom === this.view.zoom) return false;
    this.#take(next);
    return true;
  }

  take(view: View) {
    this.#take(view);
  }

  /** A point of the canvas as one of the drawing. */
  at(x: number, y: number): { x: number; y: number } {
    return { x: this.view.x + x / this.view.zoom, y: this.view.y + y / this.view.zoom };
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.paint();
    });
  }

  paint() {
    const [ctx, scene] = [this.#ctx, this.#scene];
    if (!ctx || !scene || !this.#specks || this.size.width === 0) return;
    if (this.#stale) {
      this.#dim = stepped_back(scene);
      this.#meant = standing(this.#dim);
      this.#specks.paint(scene.layout, scene.states, this.#dim, this.#look.specks);
      this.#stale = false;
    }
    const scale = this.#canvas.width / this.size.width;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    paint(ctx, scene, this.#specks, this.#look, this.view, this.size, this.#dim, this.#meant);
  }

  #take(view: View) {
    this.chosen = true;
    this.view = view;
    this.#moved();
    this.draw();
  }

  #moved() {
    for (const listener of this.#seen) listener();
  }
}
