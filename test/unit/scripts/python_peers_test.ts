import assert from "node:assert/strict";
import { uvSettings } from "../../../scripts/python_peers.ts";

Deno.test("where pip takes packages from, uv does", () => {
  const listed = [
    "global.index-url='https://one.example/simple'",
    "global.timeout='60'",
    "install.find-links='https://wheels.example/a\\nhttps://wheels.example/b /no/such/folder'",
    ":env:.index-url='https://user:secret@two.example/simple'",
    ":env:.extra-index-url='https://three.example/simple https://four.example/simple'",
    ":env:.trusted-host='three.example'",
    ":env:.cert='/etc/ssl/own.pem'",
  ].join("\n");
  assert.deepEqual(uvSettings(listed), {
    UV_DEFAULT_INDEX: "https://user:secret@two.example/simple",
    UV_INDEX: "https://three.example/simple https://four.example/simple",
    UV_FIND_LINKS: "https://wheels.example/a,https://wheels.example/b",
    UV_INSECURE_HOST: "three.example",
    SSL_CERT_FILE: "/etc/ssl/own.pem",
  });
  assert.deepEqual(uvSettings(""), {});
});
