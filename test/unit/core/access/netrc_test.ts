import assert from "node:assert/strict";
import { parseNetrc, readNetrc } from "../../../../core/access/netrc.ts";

const HOST = "urs.earthdata.nasa.gov";

Deno.test("a machine's login is found in every layout that netrc allows", () => {
  const wanted = { login: "me", password: "p" };
  const texts = [
    `machine ${HOST} login me password p`,
    `machine ${HOST}\n\tlogin me\n\tpassword p\n`,
    `machine ${HOST} password p login me account x`,
    `# machine ${HOST} login no password no\nmachine ${HOST} login me password p # after\n`,
    `machine other login a password b\nmachine ${HOST} login me password p\nmachine ${HOST} login second password no`,
    `macdef init\nmachine ${HOST} login no password no\n\nmachine ${HOST} login me password p`,
    `machine ${HOST} login "me" password "p"`,
    `machine ${HOST} login me\r\npassword p\r\n`,
  ];
  for (const text of texts) assert.deepEqual(parseNetrc(text, HOST), wanted, text);
});

Deno.test("passwords with blanks, quotes and hashes are kept as they are meant", () => {
  assert.equal(parseNetrc(`machine ${HOST} login me password "a b\\"c"`, HOST)?.password, 'a b"c');
  assert.equal(parseNetrc(`machine ${HOST} login me password #x#y`, HOST)?.password, "#x#y");
});

Deno.test("defaults, other machines and halves of an entry are not taken", () => {
  const texts = [
    "default login me password p",
    "machine other login me password p",
    `machine ${HOST} login me`,
    `machine ${HOST}`,
    `machine ${HOST} login me default password p`,
    "",
  ];
  for (const text of texts) assert.equal(parseNetrc(text, HOST), undefined, text);
  assert.equal(readNetrc("/nonexistent/netrc", HOST), undefined);
});
