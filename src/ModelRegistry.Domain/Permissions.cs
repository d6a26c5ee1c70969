namespace ModelRegistry.Domain;

/// <summary>What a use case asks of its caller.</summary>
public enum Permission
{
    /// <summary>Read everything.</summary>
    Read,
    /// <summary>Request and withdraw one's own promotions, rollbacks and deploys.</summary>
    Propose,
    /// <summary>Register versions and edit metadata.</summary>
    Register,
    /// <summary>Decide and revoke promotions. Persons only.</summary>
    Decide,
    /// <summary>Manage persons, tokens and the policy. Persons only.</summary>
    Administer,
}

/// <summary>The table "who may do what", as data.</summary>
public static class Permissions
{
    public const string Viewer = "viewer", Proposer = "proposer", Registrar = "registrar", Approver = "approver", Admin = "admin";

    /// <summary>The built-in roles. Persons may carry further roles (such as <c>risk</c>), which only fill approval slots.</summary>
    public static IReadOnlyList<string> Roles { get; } = [Viewer, Proposer, Registrar, Approver, Admin];

    /// <summary>All that an agent or a service can ever be granted.</summary>
    public static IReadOnlyList<string> MachineRoles { get; } = [Viewer, Proposer, Registrar];

    private static readonly Dictionary<Permission, (string[] Roles, bool PersonsOnly)> Table = new()
    {
        [Permission.Read] = ([Viewer, Proposer, Registrar, Approver, Admin], false),
        [Permission.Propose] = ([Proposer, Approver], false),
        [Permission.Register] = ([Registrar], false),
        [Permission.Decide] = ([Approver], true),
        [Permission.Administer] = ([Admin], true),
    };

    /// <summary>
    /// Null when <paramref name="actor"/> may do it; otherwise the refusal. The kind of credential is looked at first:
    /// no role makes a machine a person.
    /// </summary>
    /// <param name="modelName">The model concerned, held against the actor's name patterns; null when none is.</param>
    public static Refusal? Check(Actor actor, Permission permission, string? modelName = null)
    {
        var (roles, personsOnly) = Table[permission];
        if (personsOnly && !actor.IsPerson)
            return Refusals.PersonRequired(permission);
        if (permission != Permission.Read && actor.SessionOnly)
            return Refusals.ProofRequired;
        var granted = actor.IsPerson ? actor.Roles : actor.Roles.Intersect(MachineRoles);
        if (!granted.Intersect(roles).Any())
            return Refusals.RoleMissing(actor.Name, roles);
        if (permission != Permission.Read && modelName is not null && !Covers(actor, modelName))
            return Refusals.ModelOutOfScope(actor.Name, modelName);
        return null;
    }

    /// <summary>Null when a person does this, with a proof of their own for it; whatever else is asked of them comes after that.</summary>
    public static Refusal? InPerson(Actor actor, Permission permission) =>
        !actor.IsPerson ? Refusals.PersonRequired(permission) : actor.SessionOnly ? Refusals.ProofRequired : null;

    /// <summary>
    /// Null when <paramref name="actor"/> may say what it runs of a model: a service with any role on it, since that is what a service
    /// knows; anybody else who may ask for deployments.
    /// </summary>
    public static Refusal? MayReport(Actor actor, string modelName) => actor.Kind != ActorKind.Service
        ? Check(actor, Permission.Propose, modelName)
        : Check(actor, Permission.Read) ?? (Covers(actor, modelName) ? null : Refusals.ModelOutOfScope(actor.Name, modelName));

    /// <summary>Whether the actor's model patterns cover this name. Persons are never narrowed.</summary>
    public static bool Covers(Actor actor, string modelName) =>
        actor.IsPerson || actor.Models.Count == 0 || actor.Models.Any(pattern => Matches(pattern, modelName));

    private static bool Matches(string pattern, string name) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true);
}
