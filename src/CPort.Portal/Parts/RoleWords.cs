namespace CPort.Portal.Parts;

/// <summary>Roles as people read them, and as forms name them.</summary>
internal static class RoleWords
{
    /// <summary>Roles as the API names them, in the person's language.</summary>
    public static string Of(Words words, IEnumerable<string> names) =>
        string.Join(", ", names.Select(n => words.Has($"role.{n}") ? words[$"role.{n}"] : n));

    /// <summary>The roles of a set, each once.</summary>
    public static IEnumerable<Roles> Each(Roles roles) => Enum.GetValues<Roles>().Where(r => r != Roles.None && roles.HasFlag(r));

    /// <summary>The roles that a form's boxes name; what is no role is none.</summary>
    public static Roles Chosen(Form form) => form.All("role").Aggregate(
        Roles.None, (all, name) => Enum.TryParse<Roles>(name, out var role) && Enum.IsDefined(role) ? all | role : all);
}
