import { render } from "preact";

import "../page.css";
import { Workbench } from "./Workbench.tsx";

const page = document.getElementById("page");
if (page) {
  render(<Workbench />, page);
}
