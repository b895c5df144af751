"""The script of the review page: plain JavaScript, no library."""

SCRIPT = r"""'use strict';
const DATA = JSON.parse(document.getElementById('data').textContent);
const CLIPS = new Map(DATA.clips.map(clip => [clip.video_id, clip]));
const STORE = 'echoclr-review-' + DATA.store;
const SVG = 'http://www.w3.org/2000/svg';
const rows = new Map();   // video_id -> row of decisions.csv
const views = new Map();  // video_id -> what the page shows of the clip

function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}
function draw(parent, name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.append(node);
  return node;
}
const round = value => Math.round(value * 10) / 10;
const degrees = radians => round(radians * 180 / Math.PI);
const numbersOf = text => text.split(/[\s,;]+/).filter(Boolean).map(Number);

function isCurrent(row) {  // a decision about a clip of this page counts for the content that is shown
  const clip = CLIPS.get(row.video_id);
  if (!clip) return true;
  return row.content === clip.content && (row.decision !== 'accept' || row.mask === clip.mask);
}
function take(list) {
  for (const row of list) if (isCurrent(row)) rows.set(row.video_id, row);
}
function save() {
  try {
    localStorage.setItem(STORE, JSON.stringify([...rows.values()]));
  } catch (error) { /* a browser that stores nothing: the download alone keeps the decisions */ }
  let decided = 0;
  for (const video of CLIPS.keys()) decided += rows.has(video) ? 1 : 0;
  say(decided + ' of ' + CLIPS.size + ' on this page decided');
}
function say(text, wrong) {
  const state = document.getElementById('state');
  state.textContent = text;
  state.className = wrong ? 'wrong' : '';
}

function decide(clip, decision, shape, geometry) {
  rows.set(clip.video_id, {
    video_id: clip.video_id, study_id: clip.study_id, decision, shape: shape || '', geometry: geometry || '',
    width: String(clip.width), height: String(clip.height), content: clip.content, mask: clip.mask});
  save();
  show(clip);
}
function undo(clip) {
  rows.delete(clip.video_id);
  save();
  show(clip);
}
function start(clip, shape) {
  const w = clip.width, h = clip.height;
  const numbers = shape === 'sector' ? [w / 2, 0.06 * h, -40, 40, 0, 0.88 * h]
    : [0.4 * w, 0.1 * h, 0.6 * w, 0.1 * h, 0.85 * w, 0.85 * h, 0.15 * w, 0.85 * h];
  decide(clip, 'correct', shape, format(shape, numbers));
}
function typed(clip, text) {
  const shape = rows.get(clip.video_id).shape, numbers = numbersOf(text);
  decide(clip, 'correct', shape, numbers.every(Number.isFinite) ? format(shape, numbers) : text);
}
function format(shape, numbers) {
  const values = numbers.map(round);
  if (shape === 'sector') return values.join(' ');
  const points = [];
  for (let i = 0; i + 1 < values.length; i += 2) points.push(values[i] + ' ' + values[i + 1]);
  return points.join('; ');
}
function wrongWith(clip, row) {  // the next run checks more
  const numbers = numbersOf(row.geometry);
  if (numbers.some(value => !Number.isFinite(value))) return 'only numbers are allowed';
  if (row.shape === 'sector') {
    if (numbers.length !== 6) return 'six numbers are needed';
    if (numbers[2] >= numbers[3] || numbers[4] < 0 || numbers[4] >= numbers[5])
      return 'left must be smaller than right, inner smaller than outer';
  } else {
    if (numbers.length % 2 || numbers.length < 6) return 'three corners or more are needed, each x and y';
    if (numbers.some((value, i) => value < 0 || value > (i % 2 ? clip.height : clip.width)))
      return 'a corner lies outside the picture';
  }
  return '';
}

function polygonOf(shape, numbers) {
  if (shape === 'polygon') return numbers;
  const [x, y, left, right, inner, outer] = numbers, points = [], steps = 48;
  const at = (angle, radius) => points.push(
    x + radius * Math.sin(angle * Math.PI / 180), y + radius * Math.cos(angle * Math.PI / 180));
  for (let i = 0; i <= steps; i++) at(left + (right - left) * i / steps, outer);
  for (let i = steps; i >= 0; i--) at(left + (right - left) * i / steps, inner);
  return points;
}
function handlesOf(shape, n) {  // [x, y, numbers after moving it to (x, y)]
  if (shape === 'polygon') {
    const found = [];
    for (let i = 0; i + 1 < n.length; i += 2)
      found.push([n[i], n[i + 1], (x, y) => n.map((value, k) => k === i ? x : k === i + 1 ? y : value)]);
    return found;
  }
  const place = (angle, radius) => [n[0] + radius * Math.sin(angle * Math.PI / 180),
                                    n[1] + radius * Math.cos(angle * Math.PI / 180)];
  const angle = (x, y) => degrees(Math.atan2(x - n[0], y - n[1]));
  const radius = (x, y) => round(Math.hypot(x - n[0], y - n[1]));
  const middle = (n[2] + n[3]) / 2;
  return [
    [n[0], n[1], (x, y) => [x, y, n[2], n[3], n[4], n[5]]],
    [...place(n[2], n[5]), (x, y) => [n[0], n[1], angle(x, y), n[3], n[4], radius(x, y)]],
    [...place(n[3], n[5]), (x, y) => [n[0], n[1], n[2], angle(x, y), n[4], radius(x, y)]],
    [...place(middle, n[4]), (x, y) => [n[0], n[1], n[2], n[3], radius(x, y), n[5]]]];
}
function position(clip, event) {
  const box = views.get(clip.video_id).svg.getBoundingClientRect();
  const inside = (value, most) => Math.min(Math.max(value, 0), most);
  return [round(inside((event.clientX - box.left) / box.width * clip.width, clip.width)),
          round(inside((event.clientY - box.top) / box.height * clip.height, clip.height))];
}

function show(clip) {
  const view = views.get(clip.video_id), row = rows.get(clip.video_id);
  const correct = row && row.decision === 'correct';
  view.drawing.replaceChildren();
  for (const [word, button] of Object.entries(view.buttons))
    button.setAttribute('aria-pressed', row ? word === (correct ? row.shape : row.decision) : false);
  view.form.hidden = !correct;
  view.wrong.textContent = '';
  if (!correct) return;
  if (document.activeElement !== view.geometry) view.geometry.value = row.geometry;
  view.wrong.textContent = wrongWith(clip, row);
  const numbers = numbersOf(row.geometry);
  if (view.wrong.textContent && row.shape === 'sector') return;
  if (numbers.some(value => !Number.isFinite(value))) return;
  draw(view.drawing, 'polygon', {class: 'drawn', points: polygonOf(row.shape, numbers).join(' ')});
  for (const [x, y, moved] of handlesOf(row.shape, numbers)) {
    const handle = draw(view.drawing, 'circle', {class: 'handle', cx: x, cy: y, r: clip.width / 100});
    handle.onpointerdown = event => { event.preventDefault(); event.stopPropagation(); view.moved = moved; };
  }
}
function move(clip, event) {
  const view = views.get(clip.video_id), row = rows.get(clip.video_id);
  if (!view.moved || !row) return;
  decide(clip, 'correct', row.shape, format(row.shape, view.moved(...position(clip, event))));
}
function addCorner(clip, event) {
  const row = rows.get(clip.video_id);
  if (!row || row.shape !== 'polygon' || views.get(clip.video_id).dragged) return;
  const numbers = [...numbersOf(row.geometry), ...position(clip, event)];
  decide(clip, 'correct', 'polygon', format('polygon', numbers));
}

function picture(clip) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 ' + clip.width + ' ' + clip.height);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'brightest value over time of ' + clip.video_id);
  const href = 'data:image/jpeg;base64,' + clip.picture;
  draw(svg, 'image', {href, width: clip.width, height: clip.height});
  for (const outline of clip.outline) {  // through the centres of pixels
    const points = outline.map(([x, y]) => (x + 0.5) + ',' + (y + 0.5)).join(' ');
    draw(svg, 'polygon', {class: 'fitted', points});
  }
  return svg;
}
function build(clip) {
  const text = make('div', {}), view = {buttons: {}, moved: null, dragged: false};
  const button = (word, label, action, possible) => {
    view.buttons[word] = make('button', {textContent: label, onclick: action, disabled: !possible});
    text.append(view.buttons[word]);
  };
  const name = make('code', {textContent: clip.video_id});
  text.append(make('p', {}, name, make('br', {}), clip.outcome + ': ' + clip.reason));
  const seen = clip.picture !== '';
  button('accept', 'Accept (a)', () => decide(clip, 'accept'), seen && clip.mask !== '');
  button('reject', 'Reject (r)', () => decide(clip, 'reject'), seen);
  button('polygon', 'Polygon (p)', () => start(clip, 'polygon'), seen);
  button('sector', 'Sector (s)', () => start(clip, 'sector'), seen);
  button('undo', 'Undo (u)', () => undo(clip), true);
  view.geometry = make('input', {name: 'geometry', oninput: () => typed(clip, view.geometry.value)});
  view.wrong = make('p', {className: 'wrong'});
  const label = make('label', {}, 'Numbers of the shape', view.geometry);
  view.form = make('div', {hidden: true}, label, view.wrong);
  text.append(view.form);
  view.section = make('section', {className: 'clip', id: clip.video_id, tabIndex: 0});
  if (seen) {
    view.svg = picture(clip);
    view.drawing = draw(view.svg, 'g', {});
    view.svg.onpointermove = event => { if (view.moved) { view.dragged = true; move(clip, event); } };
    view.svg.onpointerup = view.svg.onpointerleave = () => { view.moved = null; };
    view.svg.onpointerdown = () => { view.dragged = false; };
    view.svg.onclick = event => addCorner(clip, event);
    view.section.append(view.svg);
  } else view.drawing = make('span', {});
  view.section.append(text);
  views.set(clip.video_id, view);
  document.getElementById('clips').append(view.section);
}

function csv() {
  const lines = [...rows.values()].sort((a, b) => a.video_id < b.video_id ? -1 : 1);
  return [DATA.columns, ...lines.map(row => DATA.columns.map(name => row[name]))].map(
    cells => cells.join(',')).join('\r\n') + '\r\n';
}
function download() {
  const bad = [...CLIPS.values()].find(clip => {
    const row = rows.get(clip.video_id);
    return row && row.decision === 'correct' && wrongWith(clip, row);
  });
  if (bad) {
    views.get(bad.video_id).section.focus();
    return say('this shape is not finished', true);
  }
  const href = URL.createObjectURL(new Blob([csv()], {type: 'text/csv'}));
  make('a', {download: 'decisions.csv', href}).click();
}
async function open(file) {
  const text = (await file.text()).replace(/^\ufeff/, '');
  const lines = text.split(/\r?\n/).filter(Boolean).map(line => line.split(','));
  const header = lines.shift() || [];
  if (header.join() !== DATA.columns.join() || lines.some(cells => cells.length !== header.length))
    return say('this is no decisions.csv of this page', true);
  take(lines.map(cells => Object.fromEntries(header.map((name, i) => [name, cells[i]]))));
  CLIPS.forEach(show);
  save();
}
const current = () => document.activeElement.closest && document.activeElement.closest('.clip');
function go(step, wanted) {
  const order = [...CLIPS.keys()], here = current();
  for (let i = (here ? order.indexOf(here.id) : step > 0 ? -1 : order.length) + step; order[i]; i += step)
    if (wanted(order[i])) return views.get(order[i]).section.focus();
}
document.onkeydown = event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'INPUT') return;
  if (event.key === 'j') return go(1, () => true);
  if (event.key === 'k') return go(-1, () => true);
  if (event.key === 'n') return go(1, video => !rows.has(video));
  const here = current();
  const word = {a: 'accept', r: 'reject', p: 'polygon', s: 'sector', u: 'undo'}[event.key];
  if (here && word) views.get(here.id).buttons[word].click();
};
document.getElementById('download').onclick = download;
document.getElementById('open').onchange = event => event.target.files[0] && open(event.target.files[0]);
DATA.clips.forEach(build);
take(DATA.rows);
try {
  const kept = JSON.parse(localStorage.getItem(STORE));
  if (kept) { rows.clear(); take(kept); }
} catch (error) { /* a browser that stores nothing */ }
CLIPS.forEach(show);
save();
"""
