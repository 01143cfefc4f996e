"use strict";
// What an alert would have found, beside the question while it is written. The page works without this file: a button
// does the same. Only the question goes to this server; the address for the messages does not.
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

  const problem = (told) => [element("p", [told.detail, told.hint].filter(Boolean).join(" "), { className: "soft" })];

  const result = (told) => {
    const list = element("ul", "", { className: "lines" });
    for (const item of told.items) {
      const line = element("li", "");
      const link = element("a", item.title || item.id, { href: item.url });
      const text = element("p", "");
      text.append(link, element("span", item.buyer ? ` ${item.buyer.name}` : "", { className: "soft" }));
      const box = element("div", "");
      box.append(text);
      line.append(element("time", item.dated, { className: "day" }), box);
      list.append(line);
    }
    const parts = [element("p", "")];
    parts[0].append(element("b", told.sentence));
    if (told.query.understood) {
      const understood = element("p", "Understood as ", { className: "small" });
      understood.append(element("code", told.query.understood));
      parts.push(understood);
    }
    for (const warning of told.query.warnings) parts.push(element("p", warning, { className: "small soft" }));
    const total = told.total === 1 ? "1 notice" : `${told.total.toLocaleString("en")} notices`;
    parts.push(element("p", `${total} of all that are held would match.`, { className: "small soft" }), list);
    return parts;
  };

  const ask = async () => {
    const number = ++latest;
    try {
      const answer = await fetch(`${form.dataset.preview}?${asked()}`);
      const told = await answer.json();
      if (number !== latest) return;
      shown.replaceChildren(...(answer.ok ? result(told) : problem(told)));
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
