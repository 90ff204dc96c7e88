// What a page's reader sees of a stream: when text came, how even the frames were, which tasks were long.
// Installed in the baseline's page and in ours alike.
window.watchStream = (host, last) => {
  const seen = {asked: null, first: null, last: null, updates: [], frames: [], tasks: []};
  let before = '';  // a word may come in two pieces
  const ends = node => {
    const text = node.textContent;
    const found = (before + text).includes(last);
    before = text.slice(-last.length);
    return found;
  };
  const changes = new MutationObserver(records => {
    const now = performance.now();
    for (const record of records) {
      const nodes = record.type === 'characterData' ? [record.target] : [...record.addedNodes];
      for (const node of nodes) {
        if (seen.first === null && node.textContent.includes('w0')) { seen.first = now; }
        if (seen.last === null && ends(node)) { seen.last = now; }
      }
    }
    if (seen.first !== null && seen.updates[seen.updates.length - 1] !== now) { seen.updates.push(now); }
  });
  changes.observe(host, {childList: true, characterData: true, subtree: true});
  const tasks = new PerformanceObserver(list => {
    for (const task of list.getEntries()) { seen.tasks.push([task.startTime, task.duration]); }
  });
  tasks.observe({type: 'longtask'});
  addEventListener('keydown', event => { seen.asked = event.timeStamp; }, {capture: true, once: true});
  let going = true;
  const frame = now => { seen.frames.push(now); if (going) { requestAnimationFrame(frame); } };
  requestAnimationFrame(frame);
  window.watched = {
    get isWhole() { return seen.last !== null; },
    stop() { going = false; changes.disconnect(); tasks.disconnect(); return seen; }
  };
};
