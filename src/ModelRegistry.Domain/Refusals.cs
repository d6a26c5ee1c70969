namespace ModelRegistry.Domain;

/// <summary>The table of every refusal: kind, code, message and remedy. A face never words a no of its own.</summary>
public static partial class Refusals
{
    // ---- who may ------------------------------------------------------------------------------------------------

    public static Refusal PersonRequired(Permission permission) => new(RefusalKind.Forbidden, "person_required",
        permission == Permission.Decide
            ? "A promotion is decided by a person with a proof of their own; no agent, service or token can."
            : "Persons, tokens and the policy are managed by a person with the admin role; no agent, service or token can.",
        permission == Permission.Decide
            ? "Ask a person with the approver role to run the approve command or open the approval page."
            : "Ask an admin to run the command on a terminal.");

    public static Refusal RoleMissing(string actor, IReadOnlyList<string> roles) => new(RefusalKind.Forbidden, "role_missing",
        $"'{actor}' lacks the role for this: {string.Join(" or ", roles)}.",
        "Ask an admin for a token or a person that carries it (token create --role, person add --role).");

    public static Refusal ModelOutOfScope(string actor, string model) => new(RefusalKind.Forbidden, "model_out_of_scope",
        $"The credential of '{actor}' does not cover the model '{model}'.",
        "Use a credential whose model patterns cover it.");
}
