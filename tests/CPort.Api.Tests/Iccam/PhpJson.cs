using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CPort.Api.Tests.Iccam;

/// <summary>
/// JSON as PHP's <c>json_encode</c> writes it with its numeric check: every text that looks like a number becomes one, slashes are escaped, and what is not
/// ASCII is <c>\uXXXX</c>. A value is null, bool, int, string, a list (object[]) or a map (pairs in their order).
/// </summary>
internal static partial class PhpJson
{
    public static string Of(object? value)
    {
        var json = new StringBuilder();
        Write(json, value);
        return json.ToString();
    }

    private static void Write(StringBuilder json, object? value)
    {
        switch (value)
        {
            case null:
                json.Append("null");
                break;
            case bool flag:
                json.Append(flag ? "true" : "false");
                break;
            case int number:
                json.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case string text when Numeric().IsMatch(text):
                json.Append(NumberOf(text.Trim()));
                break;
            case string text:
                Text(json, text);
                break;
            case (string, object?)[] map:
                json.Append('{');
                foreach (var ((name, member), i) in map.Select((m, i) => (m, i)))
                {
                    json.Append(i > 0 ? "," : "");
                    Text(json, name);
                    json.Append(':');
                    Write(json, member);
                }

                json.Append('}');
                break;
            case object?[] list:
                json.Append('[');
                foreach (var (member, i) in list.Select((m, i) => (m, i)))
                {
                    json.Append(i > 0 ? "," : "");
                    Write(json, member);
                }

                json.Append(']');
                break;
            default:
                throw new ArgumentException($"{value.GetType().Name} is nothing that PHP has.");
        }
    }

    private static string NumberOf(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole.ToString(CultureInfo.InvariantCulture);
        }

        var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
        return number.AsSpan().IndexOfAny('.', 'E') < 0 ? number + ".0" : number;
    }

    private static void Text(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""), '\\' => json.Append("\\\\"), '/' => json.Append("\\/"), '\n' => json.Append("\\n"), '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"), '\b' => json.Append("\\b"), '\f' => json.Append("\\f"),
                < ' ' or > '~' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }

        json.Append('"');
    }

    [GeneratedRegex(@"\A[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*\z")]
    private static partial Regex Numeric();
}
