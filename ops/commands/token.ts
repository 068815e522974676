/** `sluice token`: a bearer token for development. */
import { Command, InvalidArgumentError, Option } from "commander";
import { userIdPattern } from "../../api/http/request/ids.ts";
import { integerOption, jsonDocument, print, printJson } from "../../engine/app/cli.ts";

interface TokenOptions {
  readonly user: string;
  readonly role?: string;
  readonly hours: number;
  readonly json?: boolean;
}

/** The command. */
export const tokenCommand = (): Command =>
  new Command("token")
    .summary("mint a bearer token for development")
    .description("Mints a bearer token, signed with SLUICE_TOKEN_SECRET or, in development, its well-known default.")
    .requiredOption("--user <id>", "who the token is for (its `sub`)", userOption)
    .addOption(new Option("--role <role>", "what the user may do beyond asking").choices(["admin"]))
    .option("--hours <number>", "how long it is good for, 1 to 8760", integerOption(1, 8_760), 12)
    .option("--json", "print one JSON document")
    .action(async ({ user, role, hours, json }: TokenOptions) => {
      const [{ mintToken }, { loadTokenSecret }] = await Promise.all([
        import("../../api/tokens/token.ts"),
        import("../token-secret.ts"),
      ]);
      const wish = { secret: loadTokenSecret(), userId: user, ttlMs: hours * 3_600_000, now: Date.now() };
      const token = mintToken(role === undefined ? wish : { ...wish, role });
      if (json) printJson(jsonDocument("token", { token }));
      else print(token);
    });

const userOption = (text: string): string => {
  if (!userId.test(text)) throw new InvalidArgumentError("Expected 1 to 64 of A-Z a-z 0-9 . _ @ : | + -");
  return text;
};
const userId = new RegExp(userIdPattern);
