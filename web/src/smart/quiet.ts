// Before fhirclient, which tells the console of tokens where somebody once wrote "debug" into localStorage.

try {
  localStorage.removeItem("debug");
  localStorage.removeItem("DEBUG");
} catch {
  // a browser that keeps nothing holds no such word either
}
