# frozen_string_literal: true

# What {{name}} is for, in one sentence.
module {{class}}
  # Greets somebody by name; without a name, the world.
  def self.greet(name = "")
    name = name.to_s.strip
    "Hello, #{name.empty? ? "world" : name}!"
  end
end
