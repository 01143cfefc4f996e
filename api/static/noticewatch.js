"use strict";
// Copy buttons, and names while one types. Everything on the page works without this file.
for (const block of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector("[data-text]").textContent.trim());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy by hand";
    }
  });
  block.append(button);
}

// Names of vendors, technologies and public bodies under the search box. What is typed goes to this server alone.
for (const box of document.querySelectorAll("input[type=search][data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = `${box.id}-names`;
  box.after(list);
  box.setAttribute("list", list.id);
  let timer = 0;
  let latest = 0;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const typed = box.value.trim();
      const asked = ++latest;
      if (typed.length < 2 || /["():*<>[\]]/.test(typed)) {
        list.replaceChildren();
        return;
      }
      try {
        const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(typed)}`);
        const found = answer.ok ? (await answer.json()).items : [];
        if (asked !== latest) return;
        list.replaceChildren(...found.map((one) => {
          const option = document.createElement("option");
          option.value = one.query;
          option.label = `${one.label} (${one.field}, ${one.count.toLocaleString("en")})`;
          return option;
        }));
      } catch {
        list.replaceChildren();
      }
    }, 150);
  });
}
