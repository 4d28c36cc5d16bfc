/** Prices from a file that the environment names, in place of the list prices. */
import { z } from "zod";
import { addShapeFaults, Faults } from "../core/config/faults.ts";
import { readYamlText } from "../core/config/read_text.ts";
import { YamlText } from "../core/config/yaml_text.ts";
import { LIST_PRICES, type Prices } from "./prices.ts";

const PRICES_VARIABLE = "GRANARY_PRICES";

const price = z.number().nonnegative().finite().nullable();

const SCHEMA = z.strictObject({
  region: z.string().min(1),
  date: z.string().min(1),
  source: z.string().min(1),
  lambda_gigabyte_second: z.strictObject({ arm64: price.optional(), x86_64: price.optional() }).optional(),
  lambda_request: price.optional(),
  s3_get: price.optional(),
});

/** The prices that hold here: those of the file that is named, else the list prices. Throws an input error with the place. */
export function readPrices(env: Readonly<Record<string, string | undefined>>): Prices {
  const file = env[PRICES_VARIABLE];
  if (file === undefined || file === "") return LIST_PRICES;
  const yaml = new YamlText(
    readYamlText(file, () => `${file}: there is no such file (${PRICES_VARIABLE} names it)`),
    file,
  );
  const faults = new Faults(yaml);
  const found = SCHEMA.safeParse(yaml.value);
  if (!found.success) addShapeFaults(faults, found.error.issues, yaml.value, { schema: SCHEMA });
  faults.throwIfAny();
  const { region, date, source, lambda_gigabyte_second, lambda_request, s3_get } = found.data!;
  return {
    region,
    date,
    source,
    lambdaGigabyteSecond: {
      arm64: lambda_gigabyte_second?.arm64 ?? null,
      x86_64: lambda_gigabyte_second?.x86_64 ?? null,
    },
    lambdaRequest: lambda_request ?? null,
    s3Get: s3_get ?? null,
  };
}
