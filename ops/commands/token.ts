/** `sluice token`: a bearer token for development. */
import { Command, InvalidArgumentError, Option } from "commander";
import { userIdWords } from "../../api/http/request/ids.ts";
import { userIdPattern } from "../../schemas/ids.ts";
import { CliError, exitCodes, integerOption, jsonDocument, print, printJson } from "../../engine/app/cli.ts";

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
    .addOption(
      new Option("--role <role>", "what the user may do beyond asking").choices(["admin", "viewer", "operator"]),
    )
    .option(
      "--hours <number>",
      "how long it is good for, 1 to SLUICE_TOKEN_MAX_LIFETIME_HOURS",
      integerOption(1, 8_760),
      12,
    )
    .option("--json", "print one JSON document")
    .action(async ({ user, role, hours, json }: TokenOptions) => {
      const [{ mintToken }, { loadTokenConfig }] = await Promise.all([
        import("../../api/tokens/token.ts"),
        import("../token-config.ts"),
      ]);
      const { secrets, hs256, policy } = loadTokenConfig();
      const [secret] = secrets;
      if (secret === undefined || !hs256) {
        throw new CliError("tokens signed with SLUICE_TOKEN_SECRET are not taken here (SLUICE_TOKEN_HS256)", {
          code: "TOKENS_NOT_OURS",
          exitCode: exitCodes.refused,
          fix: "Ask the identity provider for one.",
        });
      }
      const wish = { secret, userId: user, ttlMs: hours * 3_600_000, now: Date.now(), policy };
      const token = mintToken(role === undefined ? wish : { ...wish, role });
      if (json) printJson(jsonDocument("token", { token }));
      else print(token);
    });

const userOption = (text: string): string => {
  if (!userId.test(text)) throw new InvalidArgumentError(`Expected ${userIdWords}.`);
  return text;
};
const userId = new RegExp(userIdPattern);
