addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const stories = [...document.querySelectorAll(".story:not([hidden])")];
  const heads = stories.map((story) => story.firstElementChild);
  const here = heads.indexOf(document.activeElement);
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    const next = here < 0 ? (step > 0 ? 0 : heads.length - 1) : here + step;
    heads[Math.min(Math.max(next, 0), heads.length - 1)]?.focus();
  }
  if (event.key === "e") {
    const open = stories.some((story) => !story.open);
    stories.forEach((story) => (story.open = open));
  }
});
addEventListener("click", ({ target }) => {
  const wanted = target.dataset?.kind;
  if (wanted === undefined) return;
  for (const button of document.querySelectorAll("[data-kind]")) {
    button.ariaPressed = String(button === target);
  }
  const stories = [...document.querySelectorAll(".story")];
  stories.forEach((story, at) => {
    story.dataset.at ??= at;
    story.hidden = wanted !== "" && !story.dataset.kinds.split(" ").includes(wanted);
  });
  const by = wanted === "doubted" ? "agreement" : "at";
  stories.sort((one, other) => one.dataset[by] - other.dataset[by]);
  stories.forEach((story) => story.parentElement.append(story));
});
