namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- persons, agents, tokens --------------------------------------------------------------------------------

    public static Refusal NotInitialised => new(RefusalKind.Conflict, "registry_not_initialised",
        "This registry has no person yet.", "Run `init --person NAME` on a terminal first.");

    /// <param name="place">The data folder or the database, without secrets.</param>
    public static Refusal RegistryMissing(string place) => new(RefusalKind.NotFound, "registry_not_found",
        $"There is no registry in '{Shown(place)}'.", "Make one with `init --person NAME`, or name the data folder with --data or the database with --database.");

    public static Refusal AlreadyInitialised(string person) => new(RefusalKind.Conflict, "registry_initialised",
        $"This registry has its first person already: {person}.", "Later persons are added by an admin with `person add`.");

    public static Refusal PersonNotFound(string? name) => new(RefusalKind.NotFound, "person_not_found",
        $"There is no person '{Shown(name)}'.", "Call `person list` to see who there is.");

    public static Refusal WhichPerson(IReadOnlyList<string> names) => new(RefusalKind.Invalid, "which_person",
        $"Several persons could do this: {string.Join(", ", names)}.", "Say who with --as.", new Dictionary<string, string> { ["as"] = $"one of {string.Join(", ", names)}" });

    public static Refusal ActorExists(string name) => new(RefusalKind.Conflict, "name_taken",
        $"The name '{name}' is taken (persons, agents and services share one namespace, ignoring case).", "Choose another name.");

    public static Refusal PassphraseWeak(int least) => new(RefusalKind.Invalid, "passphrase_weak",
        $"A passphrase needs at least {least} characters and may not be the person's name.", "Choose a longer one; several words are good.", new Dictionary<string, string> { ["passphrase"] = $"at least {least} characters" });

    public static Refusal PassphrasesDiffer => new(RefusalKind.Invalid, "passphrases_differ",
        "The two passphrases are not the same.", "Run the command again and type the same one twice.", new Dictionary<string, string> { ["passphrase"] = "the same twice" });

    public static Refusal PassphraseSame => new(RefusalKind.Invalid, "passphrase_same",
        "That is the passphrase there is already.", "Choose another one.", new Dictionary<string, string> { ["passphrase"] = "another one" });

    public static Refusal RoleNotForMachines(string role) => new(RefusalKind.Forbidden, "role_not_for_machines",
        $"An agent or service cannot carry the role '{Shown(role)}'.", $"Use {string.Join(", ", Permissions.MachineRoles)}.");

    public static Refusal TokenNotFound(string? id) => new(RefusalKind.NotFound, "token_not_found",
        $"There is no token '{Shown(id)}'.", "Call `token list` to see their ids.");

    public static Refusal TokenInvalid => new(RefusalKind.Unauthenticated, "token_invalid",
        "The token is unknown, expired or revoked.", "Ask its owner or an admin for a new one (token create).");

    public static Refusal TokenRequired => new(RefusalKind.Unauthenticated, "token_required",
        "This request carries no token, and this server takes none without.", "Send `Authorization: Bearer` with a token that a person made (token create).");

    public static Refusal SignInRequired => new(RefusalKind.Unauthenticated, "sign_in_required",
        "Nobody is signed in, or the sign-in has ended.", "Sign in at /ui/sign-in.");

    public static Refusal KeyNeedsWitness => new(RefusalKind.Forbidden, "key_needs_witness",
        "After a person's first passkey, another takes one they have already, or an invite by another person.", "Use a passkey of yours to add this one, or ask an admin for an invite.");

    public static Refusal InviteInvalid => new(RefusalKind.Forbidden, "invite_invalid",
        "The invite is unknown, for somebody else, used or expired.", "Ask an admin for a new one.");

    public static Refusal KeyNotFound(string? id) => new(RefusalKind.NotFound, "key_not_found",
        $"There is no passkey '{Shown(id)}'.", "Call `person keys` to see their ids.");

    public static Refusal KeyTaken => new(RefusalKind.Conflict, "key_taken",
        "This passkey is enrolled already.", "Use it as it is, or enrol another one.");

    public static Refusal NoPages => new(RefusalKind.Conflict, "no_pages",
        "Passkeys belong to an address, and this process has no pages.", "Use the pages of a running server (`serve`).");

    public static Refusal LastAdmin(string name) => new(RefusalKind.Conflict, "last_admin",
        $"'{name}' is the only admin left.", "Make another person an admin first.");

    public static Refusal TooManyAttempts => new(RefusalKind.Forbidden, "too_many_attempts",
        "Too many wrong passphrases for this person in a short time.", "Wait a minute and try again.");
}
