// Takes the place of the package that fhirclient would load in a browser without Web Cryptography; none of ours is
// without, so this is never reached. web/README.md has the rest.

throw new Error("This browser cannot sign in safely: it has no Web Cryptography.");
export {};
