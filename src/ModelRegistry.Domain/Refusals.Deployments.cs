namespace ModelRegistry.Domain;

public static partial class Refusals
{
    // ---- deployments --------------------------------------------------------------------------------------------

    public static Refusal TargetUnknown(string? target, IReadOnlyList<string> declared) => new(RefusalKind.NotFound, "target_unknown",
        $"There is no target '{Shown(target)}'.", declared.Count == 0 ? "The policy in force declares none; an admin adds it under 'targets'." : $"Use one of {string.Join(", ", declared)}, or have an admin declare it in the policy.");

    public static Refusal AlreadyDeployed(string version, string target) => new(RefusalKind.Conflict, "already_deployed",
        $"Version {version} is deployed on {target} already, with the same configuration.", "Nothing needs to be done; GET /deployments shows it.");

    public static Refusal DeploymentNotFound(string? id) => new(RefusalKind.NotFound, "deployment_not_found",
        $"There is no deployment '{Shown(id)}'.", "GET /deployments (or `deployments`) lists them.");

    public static Refusal NothingDeployed(string model, string target) => new(RefusalKind.Conflict, "nothing_deployed",
        $"Nothing of '{model}' is deployed on {target}.", "Deploy a version there first; what runs without that is not kept track of.");

    public static Refusal DeploymentOver(string id, string status) => new(RefusalKind.Conflict, "deployment_over",
        $"Deployment {id} is {status}; only an active one can be stopped.", "GET /deployments shows what is active; what is pending ends with its promotion (withdraw it).");

    public static Refusal DeploymentGoverned(string target, string stage) => new(RefusalKind.Forbidden, "deployment_governed",
        $"What {target} serves is decided with its stage, {stage}, which is governed.", $"Propose another version for {stage}, a rollback, or moving this one to another stage; the target follows what is applied.");
}
