using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;

namespace CPort.Api.Security;

/// <summary>Which fields of answers hold something: what the caller was shown, by name and never by value.</summary>
public static class ShownFields
{
    /// <summary>Names of the fields that any of these answers fills, as the answers write them, in order.</summary>
    public static IEnumerable<string> Of<T>(IEnumerable<T> answers)
        where T : class
    {
        var (names, filled) = Fields<T>.All;
        var found = new bool[names.Length];
        var left = names.Length;
        foreach (var answer in answers)
        {
            for (var i = 0; i < found.Length && left > 0; i++)
            {
                if (!found[i] && filled[i](answer))
                {
                    (found[i], left) = (true, left - 1);
                }
            }
        }

        return names.Where((_, i) => found[i]);
    }

    public static IEnumerable<string> Of<T>(T answer)
        where T : class => Of([answer]);

    private static class Fields<T>
        where T : class
    {
        public static readonly (string[] Names, Func<T, bool>[] Filled) All = Make();

        private static (string[], Func<T, bool>[]) Make()
        {
            var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0)
                .OrderBy(p => p.Name, StringComparer.Ordinal).ToArray();
            return ([.. properties.Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name))], [.. properties.Select(Filled)]);
        }

        private static Func<T, bool> Filled(PropertyInfo property)
        {
            var answer = Expression.Parameter(typeof(T));
            var isNullable = !property.PropertyType.IsValueType || Nullable.GetUnderlyingType(property.PropertyType) is not null;
            return isNullable
                ? Expression.Lambda<Func<T, bool>>(
                    Expression.NotEqual(Expression.Property(answer, property), Expression.Constant(null, property.PropertyType)), answer).Compile()
                : _ => true;
        }
    }
}
