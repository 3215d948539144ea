// Counts down the seconds that the server said are left. A timer is no live region, so
// nobody is told of each second; what follows the last one is said where it stands.

const STEP_MS = 250;
const ends = new WeakMap();
let ticking = 0;

function shown(left) {
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${seconds} s` : `${seconds} s`;
}

function step(countdown) {
  if (!ends.has(countdown)) ends.set(countdown, Date.now() + 1000 * countdown.dataset.countdown);
  const left = Math.ceil((ends.get(countdown) - Date.now()) / 1000);
  const timer = countdown.querySelector("[role=timer]");
  if (left <= 0) {
    delete countdown.dataset.countdown;
    countdown.textContent = countdown.dataset.after;
  } else if (timer.textContent !== shown(left)) {
    timer.textContent = shown(left);
  }
}

function tick() {
  const running = document.querySelectorAll("[data-countdown]");
  running.forEach(step);
  if (running.length) {
    ticking ||= setInterval(tick, STEP_MS);
  } else {
    clearInterval(ticking);
    ticking = 0;
  }
}

htmx.onLoad(tick);
document.addEventListener("live:applied", (event) => {
  if (event.detail.style !== "frame") tick();
});
