"use strict";
// What an alert would have found, beside the question while it is written: what the button "Preview" shows, which the
// page has without this file too. Only the question goes to this server; the address for the messages does not.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const place = form.parentElement.querySelector(".preview");
  const shown = place.querySelector("[data-shown]");
  const left = new Set(["name", "channel", "address", "do", "rhythm", "local_time", "weekday", "zone", "target"]);
  const element = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);
  let timer = 0;
  let latest = 0;

  const asked = () => {
    const parameters = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (!left.has(name) && value !== "") parameters.append(name, value);
    }
    return parameters;
  };

  const ask = async () => {
    const number = ++latest;
    try {
      const answer = await fetch(`${form.dataset.preview}?${asked()}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (number !== latest) return;
      shown.replaceChildren(...page.querySelector("[data-told]").childNodes);
      place.hidden = false;
    } catch {
      if (number === latest) shown.replaceChildren(element("p", "The preview cannot be shown now.", { className: "soft" }));
    }
  };

  form.addEventListener("input", (event) => {
    if (left.has(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  });

  // Time zones are offered by name; a new alert begins with that of this machine.
  const zone = form.querySelector("[data-zones]");
  if (zone && Intl.supportedValuesOf) {
    const list = document.createElement("datalist");
    list.id = "zones";
    list.append(...["UTC", ...Intl.supportedValuesOf("timeZone")].map((name) => element("option", "", { value: name })));
    zone.after(list);
    zone.setAttribute("list", list.id);
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (form.dataset.fresh && here) zone.value = here;
  }
}
