import { render } from "preact";

import "../page.css";

render(<p>…</p>, document.getElementById("page")!);
